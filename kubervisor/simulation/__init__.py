"""Fleets in virtual time and closed loop: traffic follows ejections, and the same decisions as in
`run` follow the traffic.
"""
