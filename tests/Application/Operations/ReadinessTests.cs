using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>When work may be sent to a process, and why not; a process that cannot work still lives. The cluster's tests take a real database away.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();

    public Task InitializeAsync()
    {
        app.Adapt = builder =>
        {
            var made = builder.Services.Last(service => service.ServiceType == typeof(ILogStore)).ImplementationFactory!;
            builder.Services.AddSingleton(services => LeavableLog.Over((ILogStore)made(services)));
        };
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_process_whose_store_is_away_is_not_ready_says_why_and_lives()
    {
        Assert.Equal("ready", await Until(HttpStatusCode.OK));
        LeavableLog.Answer = Task.FromException<long>(new StorageException(StorageFault.Unreachable, "secret path"));
        Assert.Equal("not ready: the store does not answer", await Until(HttpStatusCode.ServiceUnavailable));
        Assert.Equal(HttpStatusCode.OK, (await app.Stranger.GetAsync("/live")).StatusCode);
        LeavableLog.Answer = new TaskCompletionSource<long>().Task;
        await Until(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, (await app.Stranger.GetAsync("/live")).StatusCode);
    }

    [Fact]
    public async Task A_process_that_was_asked_to_stop_is_not_ready()
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        Assert.Null(await readiness.Reason());
        await app.Stop();
        Assert.Equal("it is stopping", await readiness.Reason());
    }

    private Task<string> Until(HttpStatusCode status) => Eventually.Get(async () =>
    {
        using var answer = await app.Stranger.GetAsync("/ready");
        return answer.StatusCode == status ? await answer.Content.ReadAsStringAsync() : "";
    }, text => text.Length > 0, $"{status} of /ready");

    /// <summary>A log whose head is not told while <see cref="Answer"/> stands.</summary>
    private class LeavableLog : DispatchProxy
    {
        private ILogStore log = null!;

        public static Task<long>? Answer { get; set; }

        public static ILogStore Over(ILogStore log)
        {
            var proxy = Create<ILogStore, LeavableLog>();
            ((LeavableLog)(object)proxy).log = log;
            Answer = null;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(ILogStore.Head) && Answer is { } away ? away : targetMethod.Invoke(log, args);
    }
}
