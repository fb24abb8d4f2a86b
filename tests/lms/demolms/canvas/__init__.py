"""What differs when the demo LMS is a Canvas: everything tools see."""
