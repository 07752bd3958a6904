"""Reference data, adapters and the simulator."""
