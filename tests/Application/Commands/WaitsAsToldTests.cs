using System.Net;
using System.Net.Http.Headers;

namespace Sophia.Commands;

/// <summary>Goal: a command that asks again and again lives with a limit on its key. Method: a server that refuses as it is told, and a clock on which a wait is over as soon as it is begun.</summary>
public sealed class WaitsAsToldTests
{
    private readonly WaitedTime time = new();
    private readonly Scripted server = new();
    private readonly List<string> said = [];
    private readonly HttpClient client;

    public WaitsAsToldTests()
    {
        server.Time = time;
        client = new HttpClient(new WaitsAsTold(server, time, said.Add)) { BaseAddress = new Uri("http://localhost/") };
    }

    [Fact]
    public async Task What_was_refused_is_sent_again_when_its_time_is_over_and_it_is_said_once()
    {
        server.Refusals = [1, 2];
        var answer = await client.PostAsync("runs", new StringContent("{\"dryRun\":true}"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([0.0, 1.0, 3.0], server.AskedAt.Select(at => at.TotalSeconds));
        Assert.Equal(Enumerable.Repeat("{\"dryRun\":true}", 3), server.Bodies);
        Assert.Equal(["The limit \"api-key\" lets no more through now: going on in 1 s, and more slowly."], said);
    }

    [Fact]
    public async Task Each_refusal_doubles_the_pause_and_without_any_there_is_none()
    {
        for (var i = 0; i < 3; i++)
            await client.GetAsync("look");
        Assert.Equal(TimeSpan.Zero, server.AskedAt[^1]);
        server.Refusals = [1, 1];
        await client.GetAsync("look");
        var last = server.AskedAt[^1];
        await client.GetAsync("look");
        Assert.Equal(WaitsAsTold.FirstPause * 2, server.AskedAt[^1] - last);
        server.Refusals = [.. Enumerable.Repeat(1, 10)];
        await client.GetAsync("look");
        last = server.AskedAt[^1];
        await client.GetAsync("look");
        Assert.Equal(WaitsAsTold.LongestPause, server.AskedAt[^1] - last);
        Assert.Single(said);
    }

    [Fact]
    public async Task Patience_ends_and_long_waits_are_said_each()
    {
        server.Refusals = [60, 59, 60];
        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.GetAsync("look")).StatusCode);
        Assert.Equal([0.0, 60.0, 119.0], server.AskedAt.Select(at => at.TotalSeconds));
        Assert.Equal(2, said.Count);
        server.Refusals = [(int)WaitsAsTold.Patience.TotalSeconds + 1];
        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.GetAsync("look")).StatusCode);
        Assert.Equal(4, server.AskedAt.Count);
    }

    private sealed class Scripted : HttpMessageHandler
    {
        public WaitedTime Time { get; set; } = null!;

        /// <summary>Seconds after which the next requests are to come back, one after the other.</summary>
        public Queue<int> Refused { get; } = new();

        public IReadOnlyList<int> Refusals
        {
            set
            {
                Refused.Clear();
                foreach (var seconds in value)
                    Refused.Enqueue(seconds);
            }
        }

        public List<TimeSpan> AskedAt { get; } = [];

        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            AskedAt.Add(Time.Passed);
            if (request.Content is { } body)
                Bodies.Add(await body.ReadAsStringAsync(cancellationToken));
            if (!Refused.TryDequeue(out var seconds))
                return new HttpResponseMessage(HttpStatusCode.OK);
            return new HttpResponseMessage(HttpStatusCode.TooManyRequests)
            {
                Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds)) },
                Content = new StringContent("""{"type":"t","title":"t","status":429,"code":"quota-exceeded","violated-policies":["api-key"]}"""),
            };
        }
    }

    private sealed class WaitedTime : TimeProvider
    {
        private long now;

        public TimeSpan Passed => TimeSpan.FromTicks(Interlocked.Read(ref now));

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime >= TimeSpan.Zero)
            {
                Interlocked.Add(ref now, dueTime.Ticks);
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }
            return new Over();
        }

        private sealed class Over : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
