namespace Sophia.Resilience;

/// <summary>What an address says of idempotency keys. Without a word, keys are taken and answers kept.</summary>
internal static class IdempotencyMarks
{
    /// <summary>The answer holds a secret: it is kept closed under what its asker alone has (SealedAnswers), and any other repetition learns only that it took effect.</summary>
    public static T AnswersWithASecret<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AnswerHoldsSecret());

    /// <summary>It changes nothing, however it is asked: a key has no use.</summary>
    public static T ChangesNothing<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new NothingChanges());

    /// <summary>The id under which the work of this request goes into the log, where its sender gave a key; else null.</summary>
    public static string? OperationId(this HttpContext context) => context.Features.Get<IdempotentOperation>()?.Id;

    internal sealed record AnswerHoldsSecret;

    internal sealed record NothingChanges;

    internal sealed record IdempotentOperation(string Id);
}
