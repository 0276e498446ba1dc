using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Pipelines;

namespace Sophia.Resilience;

/// <summary>What the environment says of idempotency keys: SOPHIA_IDEMPOTENCY_RETENTION, a duration like 24h, and SOPHIA_IDEMPOTENCY_REQUIRED, beginnings of addresses.</summary>
internal static class IdempotencySettings
{
    /// <exception cref="StartRefusedException">The value cannot be meant.</exception>
    public static void Read(IdempotencyOptions options, Func<string, string?> variable)
    {
        if (variable("SOPHIA_IDEMPOTENCY_RETENTION") is not { Length: > 0 } text)
            return;
        options.KeptFor = Durations.TryParse(text, out var kept) ? kept : default;
        if (!options.IsInRange)
            throw new StartRefusedException($"SOPHIA_IDEMPOTENCY_RETENTION is {Durations.Expectation}, 1m to 30d; \"{text}\" is not.");
    }

    /// <exception cref="StartRefusedException">The value names nothing.</exception>
    public static IReadOnlyList<string> Required(string? text) => text == "all" ? ["/api"] : Settings.List(text) is { Length: 0 } && text is { Length: > 0 }
        ? throw new StartRefusedException($"SOPHIA_IDEMPOTENCY_REQUIRED is a list like /api/pipelines,/api/ask, or all; \"{text}\" names nothing. Unset it where no address is to require a key.") : Settings.List(text);
}
