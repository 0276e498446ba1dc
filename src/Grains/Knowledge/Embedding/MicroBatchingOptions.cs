namespace Sophia.Knowledge;

/// <summary>How a silo gathers the texts of its tenants into requests to a model. The built-in embedder needs none of it.</summary>
public sealed class MicroBatchingOptions
{
    /// <summary>Texts of one request. Default 64, range 1 to 2,048: GPU servers gain little beyond, and a single late text waits for fewer.</summary>
    public int MaxTexts { get; set; } = 64;

    /// <summary>Characters (UTF-16 units) of one request; a single text always fits. Default 131,072, range 1,024 to 16,777,216.</summary>
    public int MaxCharacters { get; set; } = 131_072;

    /// <summary>Characters of one text that are embedded; what comes after is left out. Default 8,192, range 256 to 1,048,576. Whoever changes it rebuilds the vectors.</summary>
    public int MaxTextCharacters { get; set; } = 8_192;

    /// <summary>How long a text waits for others at most while another request is under way and one more may be sent. Default 5 ms, range 0 to 1 s.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Requests under way at a time. Default 4, range 1 to 64: enough to keep a server busy while answers travel.</summary>
    public int MaxRequests { get; set; } = 4;

    /// <summary>Texts that wait on a silo; a call that would pass it is refused as Busy. Default 16,384, range 1,024 to 1,048,576.</summary>
    public int MaxWaiting { get; set; } = 16_384;

    /// <summary>Of these, one tenant's, so that nobody fills the queue alone. Default 4,096, range 1,024 to <see cref="MaxWaiting"/>.</summary>
    public int MaxWaitingOfTenant { get; set; } = 4_096;

    /// <exception cref="ArgumentOutOfRangeException">Names the first option that is out of its range.</exception>
    public void Validate()
    {
        Check(nameof(MaxTexts), MaxTexts, 1, 2_048);
        Check(nameof(MaxCharacters), MaxCharacters, 1_024, 16_777_216);
        Check(nameof(MaxTextCharacters), MaxTextCharacters, 256, 1_048_576);
        Check(nameof(MaxDelay), MaxDelay.TotalSeconds, 0, 1);
        Check(nameof(MaxRequests), MaxRequests, 1, 64);
        Check(nameof(MaxWaiting), MaxWaiting, EmbeddedTexts.MaxTexts, 1_048_576);
        Check(nameof(MaxWaitingOfTenant), MaxWaitingOfTenant, EmbeddedTexts.MaxTexts, MaxWaiting);
    }

    private static void Check(string name, double value, double least, double most)
    {
        if (value < least || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"{nameof(MicroBatchingOptions)}.{name} is {least} to {most}.");
    }
}
