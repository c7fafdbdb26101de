"""Networks elsewhere: ONNX, PyTorch. Each module is imported where it is used."""
