using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>One conversation on a scheduler of one turn at a time, as its grain would run it, with a log that outlives it.</summary>
internal sealed class ChatBench : IChatSurroundings
{
    public static readonly TenantId Tenant = TenantId.Parse("acme");

    private readonly TaskFactory turns = new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    public ChatBench() => Session = Fresh();

    public MemoryLog Log { get; } = new();

    public ScriptedAnswerer Answerer { get; } = new();

    public ChatSession Session { get; private set; }

    public List<ChatView> Listed { get; } = [];

    public int LostTimes { get; private set; }

    public Task Run(Func<Task> turn) => turns.StartNew(turn).Unwrap();

    public Task<T> Run<T>(Func<Task<T>> turn) => turns.StartNew(turn).Unwrap();

    public Task<AskReceipt> Ask(string text, string? operation = null) => Run(() => Session.Ask(new AskRequest(text, null, operation)));

    /// <summary>Everything until the answer under way has ended.</summary>
    public Task<List<ChatEvent>> Read(long after = 0) => Run(async () =>
    {
        var events = new List<ChatEvent>();
        await foreach (var happened in Session.Events(after, follow: false, Deadline.Token()))
            events.Add(happened);
        return events;
    });

    /// <summary>Reads until an event of a kind.</summary>
    public Task<List<ChatEvent>> ReadUntil(ChatEventKind kind, long after = 0) => Run(async () =>
    {
        var events = new List<ChatEvent>();
        await foreach (var happened in Session.Events(after, follow: true, Deadline.Token()))
        {
            events.Add(happened);
            if (happened.Kind == kind)
                break;
        }
        return events;
    });

    /// <summary>The activation dies without a word; a new one reads the log.</summary>
    public async Task Crash()
    {
        Session = Fresh();
        await Run(() => Session.Load(default));
    }

    Task IChatSurroundings.Announce(ChatView view)
    {
        Listed.Add(view);
        return Task.CompletedTask;
    }

    void IChatSurroundings.Lost() => LostTimes++;

    private ChatSession Fresh() => new(Tenant, "s1", Log, Answerer, this, TimeProvider.System, NullLogger.Instance);
}

internal static class Deadline
{
    /// <summary>Ends a test that waits for what does not come.</summary>
    public static CancellationToken Token() => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;
}
