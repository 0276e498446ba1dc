using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Sophia.Runtime.Contract;

/// <summary>The one place that knows which runtime is under test: a silo with everything the contract asks for.</summary>
public sealed class RuntimeFixture : IAsyncLifetime
{
    private IHost? _host;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host!.Services;

    public async Task InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<Journal>();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
            silo.Configure<GrainCollectionOptions>(options =>
            {
                options.CollectionQuantum = TimeSpan.FromSeconds(1);
                options.ClassSpecificCollectionAge[typeof(ShortLivedGrain).FullName!] = TimeSpan.FromSeconds(2);
                options.ClassSpecificCollectionAge[typeof(StayingGrain).FullName!] = TimeSpan.FromSeconds(2);
            });
            silo.AddMemoryGrainStorage("Default");
            silo.AddMemoryGrainStorage("second");
            silo.UseInMemoryReminderService();
            silo.AddIncomingGrainCallFilter<WatchingFilter>();
            silo.AddOutgoingGrainCallFilter<MarkingFilter>();
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
    }
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
            return done.Task.WaitAsync(atMost ?? TimeSpan.FromSeconds(30));
        }
    }

    private List<string> Lines(string key)
    {
        if (!_lines.TryGetValue(key, out var lines))
            _lines.Add(key, lines = []);
        return lines;
    }
}
