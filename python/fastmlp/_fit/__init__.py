"""Training: settings, the loop over epochs, callbacks, histories, the learning-rate finder."""
