"""What the Python suites share. Independent of the C code they judge."""
