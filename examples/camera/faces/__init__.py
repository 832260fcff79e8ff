"""Faces by a detector of our own, trained in scikit-learn and run through `edge_infer`.

    >>> from examples.camera.faces.detector import open_detector
    >>> detector = open_detector("shipped")
    >>> detector.detect(frame)
    [Face(box=(212.4, 96.0, 301.8, 185.4), score=3.2)]

The stages: `pyramid` shrinks the frame, `features` turns each level into gradient histograms,
`scanning` scores every window with the linear model, `grouping` makes one face of overlapping
windows, `detector` puts them together.
"""
