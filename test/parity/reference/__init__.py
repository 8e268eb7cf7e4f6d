"""The references that the trainer is held to: PyTorch, Transformers and PEFT, and plain modules where PEFT has none."""
