"""The use cases of the app: one public function is one use case and one transaction.

Services take plain values and an Actor, never a request. They raise errors of
`rules.errors`, and never abort a request.
"""
