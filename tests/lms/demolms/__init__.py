"""A small, independent LTI 1.3 platform that behaves like Moodle as seen from the network."""
