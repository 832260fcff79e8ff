"""Optional: a decision tree on single packets, compiled from the proven model, in the kernel.

    lab captures → fields.py → decision tree → artifact (proven) → tree.py → clang → XDP

It sees one packet at a time and remembers nothing: floods and crafted packets show, passwords
tried over ordinary connections do not.
"""
