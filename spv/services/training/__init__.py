"""The training: classes and places of trainees, and what each of them has done."""
