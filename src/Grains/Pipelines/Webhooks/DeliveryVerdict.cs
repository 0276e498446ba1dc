using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>What is to be done with a delivery, before anything is stored.</summary>
internal abstract record DeliveryVerdict
{
    /// <summary>The longest name of a delivery, in UTF-16 units.</summary>
    public const int MaxIdLength = 200;

    private DeliveryVerdict() { }

    public static readonly CellReason HalfCharacter = new("*", "encoding", null, Pipelines.HalfCharacter.Expected, Pipelines.HalfCharacter.Hint);

    /// <summary>It comes from whom it says. OnceId names the delivery; the same one again is a duplicate.</summary>
    public sealed record Accept(string OnceId, string Stream, string? Key, RecordOperation Operation) : DeliveryVerdict
    {
        /// <summary>Why it is held back before any rule is asked, or null.</summary>
        public CellReason? Fault { get; init; }
    }

    public sealed record Refuse(DeliveryOutcome Outcome, string Detail) : DeliveryVerdict;

    public static Refuse Wrong(string detail) => new(DeliveryOutcome.WrongSignature, detail);

    public static Refuse Invalid(string detail) => new(DeliveryOutcome.Invalid, detail);
}
