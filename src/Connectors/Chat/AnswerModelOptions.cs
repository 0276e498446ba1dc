namespace Sophia.Chat;

/// <summary>Where a model is reached. Nothing here is ever logged but the name and the host.</summary>
public sealed record AnswerModelOptions
{
    public const string UrlVariable = "SOPHIA_MODEL_URL";
    public const string NameVariable = "SOPHIA_MODEL_NAME";
    public const string KeyVariable = "SOPHIA_MODEL_KEY";

    /// <summary>The endpoint's base, such as http://localhost:8000/v1; "/chat/completions" is added where it is missing.</summary>
    public required Uri Url { get; init; }

    /// <summary>The model's name as the endpoint knows it; people see it beside the answer.</summary>
    public required string Name { get; init; }

    /// <summary>Sent as a bearer token; null where the endpoint wants none.</summary>
    public string? Key { get; init; }

    /// <summary>Between two pieces. Default 20 s. How long the first one is waited for, and how often it is asked for, is the policy's of the dependency "model".</summary>
    public TimeSpan NextWordWithin { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The most tokens that the model is asked for. Default 1,024.</summary>
    public int MaxTokens { get; init; } = 1_024;

    /// <summary>Characters of one passage that the model is shown. Default 4,000.</summary>
    public int PassageLength { get; init; } = 4_000;

    /// <summary>Reads the environment; null where no model is configured.</summary>
    /// <exception cref="FormatException">The address or the name is missing or makes no sense.</exception>
    public static AnswerModelOptions? FromEnvironment(Func<string, string?> variable)
    {
        if (variable(UrlVariable) is not { Length: > 0 } address)
            return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new FormatException($"{UrlVariable} is no http address.");
        if (variable(NameVariable) is not { Length: > 0 } name)
            throw new FormatException($"{NameVariable} must say which model {UrlVariable} is asked for.");
        return new AnswerModelOptions { Url = url, Name = name, Key = variable(KeyVariable) is { Length: > 0 } key ? key : null };
    }

    /// <summary>Where requests go.</summary>
    internal Uri Completions => Url.AbsolutePath.EndsWith("/chat/completions", StringComparison.Ordinal) ? Url : new Uri(Url.AbsoluteUri.TrimEnd('/') + "/chat/completions");

    // A record prints its members: the key is not to be among them.
    public override string ToString() => $"{Name} at {Url.Host}";
}
