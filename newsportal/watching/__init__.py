"""What is told to those who watch over the site from outside: see docs/decisions/0026-watching.md.

health      whether a process lives, and whether it should be sent requests: /healthz, /readyz
request_id  the name of a request, by which a reader's complaint is found in the log
logs        one line of JSON an event, with nothing in it that is a person's
numbers     what each process counts, and /metrics, where Prometheus reads it; off unless METRICS_TOKEN is set
errors      reports to Sentry; off unless SENTRY_DSN is set
"""
