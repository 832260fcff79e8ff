"""How the detector is trained: crops and backgrounds in, a signed model out.

`crops` reads faces and varies them, `drawn` draws what is taken for faces most often, `backgrounds`
reads and varies pictures without faces, `mining` collects the windows that fool the model.
"""
