using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Sophia.Runtime.Contract;

/// <summary>The one place that knows which runtime is under test. What both are given stands here; how each starts, in the file of its name.</summary>
public sealed partial class RuntimeFixture : IAsyncLifetime
{
    private readonly Journal _journal = new();

    public Journal Journal => _journal;

    private void Configure(ISiloBuilder silo)
    {
        silo.Services.AddSingleton(_journal);
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
        silo.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
            options.ClassSpecificCollectionAge[typeof(ShortLivedGrain).FullName!] = TimeSpan.FromSeconds(2);
            options.ClassSpecificCollectionAge[typeof(StayingGrain).FullName!] = TimeSpan.FromSeconds(2);
        });
        silo.AddMemoryGrainStorage("Default");
        silo.AddMemoryGrainStorage("second");
        silo.UseInMemoryReminderService();
        // While silos join, a reminder may be stored by one that hands its share of them on: the new owner finds it when it reads the table again.
        silo.Configure<ReminderOptions>(options => options.RefreshReminderListPeriod = TimeSpan.FromSeconds(1));
        silo.AddIncomingGrainCallFilter<WatchingFilter>();
        silo.AddOutgoingGrainCallFilter<MarkingFilter>();
    }

    // Far beyond what a busy machine needs: what is about timeouts names its own, on its method.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromMinutes(2);
}

/// <summary>Shared by all classes of the suite: one silo serves them, as one cluster would.</summary>
[CollectionDefinition(Name)]
public sealed class Contract : ICollectionFixture<RuntimeFixture>
{
    public const string Name = "contract";
}

/// <summary>What grains under test write down, and how a test waits for it without looking at a clock.</summary>
public sealed class Journal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<string>> _lines = [];
    private readonly List<(string Key, Func<IReadOnlyList<string>, bool> When, TaskCompletionSource<IReadOnlyList<string>> Done)> _waiting = [];

    public void Write(string key, string line)
    {
        lock (_gate)
        {
            var lines = Lines(key);
            lines.Add(line);
            foreach (var wait in _waiting.FindAll(w => w.Key == key && w.When(lines)))
                wait.Done.TrySetResult([.. lines]);
        }
    }

    public IReadOnlyList<string> Read(string key)
    {
        lock (_gate)
            return [.. Lines(key)];
    }

    public Task<IReadOnlyList<string>> Until(string key, Func<IReadOnlyList<string>, bool> when, TimeSpan? atMost = null)
    {
        lock (_gate)
        {
            var done = new TaskCompletionSource<IReadOnlyList<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (when(Lines(key)))
                done.SetResult([.. Lines(key)]);
            else
                _waiting.Add((key, when, done));
            return done.Task.WaitAsync(atMost ?? TimeSpan.FromMinutes(2));
        }
    }

    private List<string> Lines(string key)
    {
        if (!_lines.TryGetValue(key, out var lines))
            _lines.Add(key, lines = []);
        return lines;
    }
}
