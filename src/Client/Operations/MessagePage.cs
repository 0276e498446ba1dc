using System.Text.Encodings.Web;

namespace Sophia.Operations;

/// <summary>A page of one message that needs nothing but itself: shown where nobody is signed in, so no script and no file stands behind it.</summary>
internal static class MessagePage
{
    private const string Style = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem;color:#1c2733}h1{font-size:1.4rem}"
        + "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#2456c7;color:#fff;cursor:pointer}";

    /// <param name="form">Trusted HTML that follows the message.</param>
    public static Task Write(HttpResponse response, string title, string message, string form = "")
    {
        var encoder = HtmlEncoder.Default;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Sophia</title>"
            + $"<style>{Style}</style></head><body><main><h1>{encoder.Encode(title)}</h1><p>{encoder.Encode(message)}</p>{form}</main></body></html>");
    }
}
