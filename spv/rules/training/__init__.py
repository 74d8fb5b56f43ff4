"""Rules of the training: what trainees are given, and when an exercise is done."""
