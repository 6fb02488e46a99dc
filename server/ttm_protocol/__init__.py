"""What both sides of the wire know: messages, errors, answers. It does no input or output."""
