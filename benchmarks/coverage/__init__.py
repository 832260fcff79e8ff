"""Which estimators of the installed scikit-learn are exact, refused, or neither."""
