namespace Sophia.Pipelines;

/// <summary>One pipeline of one tenant: its definition, its runs, who feeds it. The key is "tenant/pipeline".</summary>
[Alias("Sophia.IPipelineGrain")]
public interface IPipelineGrain : IGrainWithStringKey
{
    /// <summary>Validates and keeps a definition (YAML or JSON text). An unchanged text keeps its version; an edit takes effect at the next run.</summary>
    /// <param name="fileName">The name that errors are reported under.</param>
    /// <exception cref="Operations.RefusedException">Invalid: one line per mistake, each with file, line and expectation.</exception>
    [Alias("Define"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<PipelineView> Define(string definitionText, string fileName);

    /// <summary>What would be warned of were the definition kept (a folder that is not there); nothing is changed.</summary>
    /// <exception cref="Operations.RefusedException">As of <see cref="Define"/>.</exception>
    [Alias("Warnings"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<string>> Warnings(string definitionText, string fileName);

    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<PipelineView?> View();

    /// <summary>Starts a run. The same operation id returns the same run; a second run while one is going is refused as a conflict that names it.</summary>
    [Alias("Start"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RunView> Start(StartRun request);

    /// <summary>Says that a run's turn in the queue has come: begins it where it waits. Whether it goes now; false where it ended, is paused or is not known.</summary>
    [Alias("Turn"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<bool> Turn(string runId);

    /// <summary>Stops reading after the batches in flight; the run can go on later, also after a restart.</summary>
    [Alias("Pause")]
    Task<RunView> Pause();

    [Alias("Resume")]
    Task<RunView> Resume();

    /// <summary>Ends the run after the batches in flight; what was stored stays stored.</summary>
    [Alias("Cancel")]
    Task<RunView> Cancel();

    /// <summary>A run, live where it is going; null where it is unknown.</summary>
    [Alias("Run"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<RunView?> Run(string runId);

    /// <summary>Runs, newest first, at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("Runs"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<RunView>> Runs(int limit);

    /// <summary>Files and partitions that a run could not read, with the reason.</summary>
    [Alias("Unreadable"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<UnreadableView>> Unreadable(string runId, int limit);

    /// <summary>What is left of a run by stream, by name; none where all of it was compacted or decided away, or the run is unknown.</summary>
    [Alias("Streams"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<RunStreamView>> Streams(string runId);

    /// <summary>Why a webhook delivery would be refused: there is no such webhook, its signature does not fit, or it cannot be read; null where it proves itself. Nothing is stored.</summary>
    [Alias("Proves"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DeliveryResult?> Proves(WebhookDelivery delivery);

    /// <summary>Takes one webhook delivery: checks its signature, then stores it durably before it answers.</summary>
    [Alias("Deliver"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DeliveryResult> Deliver(WebhookDelivery delivery);

    /// <summary>The secret that the pipeline made for its webhook (<c>secret: generated</c>), for its owner to enter at the sender; null where it made none. Never part of a view.</summary>
    [Alias("WebhookSecret"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<string?> WebhookSecret();

    /// <summary>Stops schedule and watching and forgets the definition; records stay.</summary>
    [Alias("Remove")]
    Task Remove();
}

/// <summary>Which pipelines a tenant has. The key is the tenant.</summary>
[Alias("Sophia.IPipelineDirectoryGrain")]
public interface IPipelineDirectoryGrain : IGrainWithStringKey
{
    /// <summary>What programs of the last release ask. See <see cref="PipelineList"/>.</summary>
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<PipelineView>> List();

    [Alias("Names"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<string>> Names();

    [Alias("Add"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Add(string name);

    [Alias("Remove"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Remove(string name);

    /// <summary>Runs of every pipeline, newest first, at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("RecentRuns"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<RunView>> RecentRuns(int limit);
}
