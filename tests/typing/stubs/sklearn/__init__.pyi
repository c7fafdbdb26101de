"""The functions of scikit-learn that examples use, which has no types of its own."""
