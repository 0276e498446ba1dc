using System.Text.Encodings.Web;

namespace Sophia.Operations;

/// <summary>A page of one message that needs nothing but itself: shown where nobody is signed in, so no script and no file stands behind it.</summary>
internal static class MessagePage
{
    private const string Style = ":root{color-scheme:light dark;--ink:#1b2230;--quiet:#566074;--paper:#f6f6f3;--card:#fff;--line:#dddfe4;--accent:#2456c7;--on:#fff}"
        + "@media(prefers-color-scheme:dark){:root{--ink:#e7e9ef;--quiet:#a4adbe;--paper:#13161c;--card:#1b2029;--line:#323946;--accent:#8fb4ff;--on:#0e1420}}"
        + "*{box-sizing:border-box}body{font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"Liberation Sans\",sans-serif;margin:0;padding:16vh 1rem 2rem;background:var(--paper);color:var(--ink);overflow-wrap:anywhere}"
        + "main{max-width:27rem;margin:0 auto;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:12px}h1{font-size:1.3rem;line-height:1.3;margin:0 0 .5rem}"
        + "nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1.25rem 0 0;padding-top:1rem;border-top:1px solid var(--line)}p{margin:0;color:var(--quiet)}form,p+p{margin:1.25rem 0 0}a{color:var(--accent);text-underline-offset:3px}"
        + "button{font:inherit;font-weight:500;padding:.55rem 1.3rem;border:0;border-radius:8px;background:var(--accent);color:var(--on);cursor:pointer}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}";

    /// <summary>Where to go from here: the pages that somebody who is signed in is shown, or the first one.</summary>
    public static string Ways(HttpContext context) => context.User.TryCaller() is { } caller && context.RequestServices.GetService<EdgeOptions>() is { } edge
        ? $"<nav aria-label=\"Pages\">{string.Concat(Pages.Place.For(caller, edge).Select(place => $"<a href=\"{place.Path}\">{place.Name}</a>"))}</nav>"
        : "<p><a href=\"/\">To the first page</a></p>";

    /// <param name="form">Trusted HTML that follows the message.</param>
    public static Task Write(HttpResponse response, string title, string message, string form = "")
    {
        var encoder = HtmlEncoder.Default;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{encoder.Encode(title)} · Sophia</title><link rel=\"icon\" href=\"{Pages.PageAssets.Icon}\">"
            + $"<style>{Style}</style></head><body><main><h1>{encoder.Encode(title)}</h1><p>{encoder.Encode(message)}</p>{form}</main></body></html>");
    }
}
