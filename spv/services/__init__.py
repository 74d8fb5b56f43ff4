"""What the app does: one public function is one use case and one transaction.

Services take plain values and an Actor, never a request; they raise, never abort.
"""
