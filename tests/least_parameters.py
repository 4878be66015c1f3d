"""The parameters that have no default, as a user may give them."""

GOOD = {
    "DomainName": "pay.example.com",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AlertEmail": "oncall@example.com",
}
