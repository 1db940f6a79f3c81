# Varnish before the site, with PURGE=varnish and VARNISH_URLS=http://127.0.0.1:6081 there (docs/operations.md, "Behind a CDN").
# Debian: apt install varnish varnish-modules. Tried by newsportal/tests/test_varnish.py.
vcl 4.1;

import std;
import xkey;

backend default {
    .host = "127.0.0.1";
    .port = "8000";
    # For longer than DATABASE_TIMEOUT, by some seconds: a form that is given up here is lost with all that was typed.
    .first_byte_timeout = 30s;
}

# Who may purge: the machines of the site.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    # To the application these are those with "-", of which the last one counts: one reader's page would be kept as another's. Varnish
    # knows no pattern for names; nginx drops all with "_" by itself.
    unset req.http.Save_Data;
    unset req.http.Accept_Encoding;
    unset req.http.X_Forwarded_Proto;
    unset req.http.X_Forwarded-Proto;
    unset req.http.X-Forwarded_Proto;
    unset req.http.X_Forwarded_For;
    unset req.http.X_Forwarded-For;
    unset req.http.X-Forwarded_For;

    if (req.method == "PURGE") {
        # Not through who ends TLS, which may be on this machine, and asks for the world.
        if (client.ip !~ purgers || req.http.X-Forwarded-Proto || req.http.X-Forwarded-For ~ ",") {
            return (synth(403));
        }
        if (req.http.xkey-softpurge) {
            return (synth(200, "Purged " + xkey.softpurge(req.http.xkey-softpurge)));
        }
        if (req.http.xkey-purge) {
            return (synth(200, "Purged " + xkey.purge(req.http.xkey-purge)));
        }
        return (synth(400));
    }

    # An old page is shown only when it is asked for again here, because nobody has answered.
    if (req.restarts == 0) {
        set req.grace = 0s;
        unset req.http.X-Stale;
    } else {
        set req.grace = 24h;
    }

    # As newsportal/page_cache/key.py has it: the desk (here: ADMIN_PATH), and what depends on who asks.
    if (req.url ~ "^/(admin|search|preview|read)(/|\?|$)|^/(healthz|readyz|metrics)|^/comments/(?!on/|replies/|\d|feed/)") {
        return (pass);
    }
    if (req.method == "GET" || req.method == "HEAD") {
        # No other page depends on a cookie.
        unset req.http.Cookie;
        if (req.http.Save-Data ~ "(?i)^\s*on\s*$") {
            set req.http.Save-Data = "on";
        } else {
            unset req.http.Save-Data;
        }
        if (req.restarts == 0) {
            set req.http.X-Stale = "may be";
        }
    }
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        # Not beside the page that it is to be instead of.
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        set beresp.keep = 0s;
        return (deliver);
    }
    if (!beresp.http.Cache-Control) {
        set beresp.uncacheable = true;
        return (deliver);
    }
    # Old, or softly purged, it is asked for with its ETag; and it is there when nobody answers.
    set beresp.grace = 0s;
    if (beresp.http.Cache-Control ~ "stale-if-error=\d+") {
        set beresp.grace = std.duration(regsub(beresp.http.Cache-Control, ".*stale-if-error=(\d+).*", "\1s"), 0s);
    }
    set beresp.keep = 1h;
}

sub vcl_backend_error {
    # The page before it, if there is one: vcl_synth.
    return (abandon);
}

sub vcl_deliver {
    if (resp.status >= 500 && req.http.X-Stale == "may be") {
        set req.http.X-Stale = "yes";
        return (restart);
    }
    set resp.http.X-Cache = obj.hits > 0;
    unset resp.http.xkey;
    # Whoever keeps it behind this one is told of no change, and asks each time.
    if (resp.http.Cache-Control ~ "s-maxage") {
        set resp.http.Cache-Control = "public, no-cache";
        unset resp.http.Age;
    }
}

sub vcl_synth {
    if (resp.status == 503 && req.http.X-Stale == "may be") {
        set req.http.X-Stale = "yes";
        return (restart);
    }
    set resp.http.Cache-Control = "no-store";
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    if (resp.status == 503) {
        set resp.http.Retry-After = "30";
        synthetic("This site cannot be reached just now. Please try again in a minute.");
    } else {
        synthetic(resp.reason);
    }
    return (deliver);
}
