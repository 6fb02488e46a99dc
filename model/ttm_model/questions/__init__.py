"""Questions in plain language to typed values. It knows neither memory nor encoders."""
