"""Networks elsewhere: ONNX, PyTorch, C. Each module is imported where it is used."""
