"""The worker: schedule -> step -> publish. Meets the gateway only through the store."""
