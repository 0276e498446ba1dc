using System.Globalization;
using System.Security.Cryptography;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Deliveries of any sender that signs with HMAC-SHA256: over the body, or over "timestamp.body" where a timestamp header is named.</summary>
internal static class GenericDelivery
{
    public const string DefaultSignatureHeader = "x-signature";
    public const string DefaultStream = "webhook";

    /// <summary>How old or how far ahead a timestamp may be, so that a recorded delivery is of no use for long.</summary>
    public static readonly TimeSpan DefaultTolerance = TimeSpan.FromMinutes(5);

    public static DeliveryVerdict Judge(SourceDefinition source, WebhookDelivery delivery, string secret, DateTimeOffset now)
    {
        var signatureHeader = (source["signatureHeader"] ?? DefaultSignatureHeader).ToLowerInvariant();
        if (!delivery.Headers.TryGetValue(signatureHeader, out var signature))
            return DeliveryVerdict.Wrong($"There is no header {signatureHeader}.");
        string? timestamp = null;
        if (source["timestampHeader"]?.ToLowerInvariant() is { } timestampHeader && !delivery.Headers.TryGetValue(timestampHeader, out timestamp))
            return DeliveryVerdict.Wrong($"There is no header {timestampHeader}.");
        if (!WebhookSignature.Fits(delivery.Body.Span, timestamp, secret, WithoutPrefix(source, signature), source["encoding"] == "base64"))
            return DeliveryVerdict.Wrong("The signature does not fit the body.");
        if (timestamp is not null && !IsRecent(timestamp, now, Durations.TryParse(source["tolerance"], out var stated) ? stated : DefaultTolerance))
            return DeliveryVerdict.Wrong("The delivery's time is too far from now.");
        if (WebhookBody.Objection(delivery) is { } objection)
            return DeliveryVerdict.Invalid(objection);
        return new DeliveryVerdict.Accept(OnceId(source, delivery), source["stream"] ?? DefaultStream, null, RecordOperation.Upsert)
        {
            Fault = WebhookBody.HasHalfCharacter(delivery.Body.Span) ? DeliveryVerdict.HalfCharacter : null,
        };
    }

    private static ReadOnlySpan<char> WithoutPrefix(SourceDefinition source, string signature)
    {
        var prefix = source["prefix"] ?? (signature.StartsWith("sha256=", StringComparison.Ordinal) ? "sha256=" : "");
        return signature.StartsWith(prefix, StringComparison.Ordinal) ? signature.AsSpan(prefix.Length).Trim() : default;
    }

    private static bool IsRecent(string timestamp, DateTimeOffset now, TimeSpan tolerance)
    {
        DateTimeOffset moment;
        if (long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            const long LatestSecond = 99_999_999_999;
            if (number > LatestSecond * 1000)
                return false;
            moment = number > LatestSecond ? DateTimeOffset.FromUnixTimeMilliseconds(number) : DateTimeOffset.FromUnixTimeSeconds(number);
        }
        else if (!DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment))
            return false;
        return (now - moment).Duration() <= tolerance;
    }

    // A sender that names its deliveries repeats the name; one that does not repeats the body.
    private static string OnceId(SourceDefinition source, WebhookDelivery delivery) =>
        source["deliveryHeader"]?.ToLowerInvariant() is { } header && delivery.Headers.TryGetValue(header, out var id) && id.Length > 0
            ? id.Length <= DeliveryVerdict.MaxIdLength ? id : Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id)))
            : $"sha256-{Convert.ToHexStringLower(SHA256.HashData(delivery.Body.Span))}";
}
