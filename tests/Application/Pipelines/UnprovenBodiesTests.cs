using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>What strangers send before anybody has looked at a signature.</summary>
public sealed class UnprovenBodiesTests
{
    [Fact]
    public async Task Strangers_hold_a_bounded_number_of_bytes_and_give_them_back()
    {
        var bodies = new UnprovenBodies(TimeProvider.System, most: UnprovenBodies.BlockBytes + 100);
        var first = await bodies.Read(Post(60));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bodies.Read(Post(41)));
        Assert.Equal((RefusalCode.Busy, true), (refused.Code, refused.RetryAt is not null));
        using (var second = await bodies.Read(Post(40)))
            Assert.Equal(40, second.Bytes.Length);
        Assert.Equal(60, first.Bytes.Length);
        first.Dispose();
        first.Dispose(); // Twice is once.
        using var all = await bodies.Read(Post(100));
        await Assert.ThrowsAsync<RefusedException>(() => bodies.Read(Post(1)));
    }

    [Fact]
    public async Task One_address_leaves_room_for_others()
    {
        var bodies = new UnprovenBodies(TimeProvider.System, most: 10 * UnprovenBodies.BlockBytes, mostOfAddress: UnprovenBodies.BlockBytes + 100);
        using var first = await bodies.Read(Post(100, "2001:db8:0:1::7"));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bodies.Read(Post(1, "2001:db8:0:1::8")));
        Assert.Contains("this address", refused.Message);
        using var other = await bodies.Read(Post(100, "2001:db8:0:2::7"));
        first.Dispose();
        using var again = await bodies.Read(Post(100, "2001:db8:0:1::8"));
    }

    [Fact]
    public async Task A_body_of_which_nothing_comes_is_let_go_after_the_grace()
    {
        var time = new HurriedTime();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => new UnprovenBodies(time).Read(Post(new Endless())));
        Assert.Equal((RefusalCode.Busy, EdgeLimits.DeliveryGrace), (refused.Code, time.AskedFor));
    }

    [Fact]
    public async Task A_body_that_trickles_is_let_go_and_one_that_comes_as_fast_as_it_must_is_taken()
    {
        var time = new ReadTime();
        var trickle = new Paced(time, 400, 1_000_000);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => new UnprovenBodies(time).Read(Post(trickle)));
        Assert.Contains("too slowly", refused.Message);
        Assert.InRange(trickle.Reads, EdgeLimits.DeliveryGrace.TotalSeconds, EdgeLimits.DeliveryGrace.TotalSeconds + 1);
        using var taken = await new UnprovenBodies(time).Read(Post(new Paced(time, EdgeLimits.DeliveryRate, 20 * EdgeLimits.DeliveryRate)));
        Assert.Equal(20 * EdgeLimits.DeliveryRate, taken.Bytes.Length);
        await Assert.ThrowsAsync<RefusedException>(() => new UnprovenBodies(time).Read(Post(new Paced(time, EdgeLimits.DeliveryRate, 70 * EdgeLimits.DeliveryRate))));
    }

    [Fact]
    public async Task A_sender_that_is_cut_off_is_told_so_by_a_real_server_which_logs_no_error()
    {
        var (said, cut) = (new WrittenLines(), 0);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(said).SetMinimumLevel(LogLevel.Information);
        await using var app = builder.Build();
        app.MapPost("/slow", (HttpContext context) => Taken(context, new UnprovenBodies(new HurriedTime())));
        app.MapPost("/large", (HttpContext context) => Taken(context, new UnprovenBodies(TimeProvider.System, most: UnprovenBodies.BlockBytes + 1)));
        await app.StartAsync();
        foreach (var path in (string[])["/slow", "/large"])
        {
            using var sender = new TcpClient();
            await sender.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port);
            var stream = sender.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\nabc"));
            var answer = new byte["HTTP/1.1 429".Length];
            await stream.ReadExactlyAsync(answer);
            Assert.Equal("HTTP/1.1 429", Encoding.ASCII.GetString(answer));
        }
        await app.StopAsync(); // The server has done with both by then.
        Assert.Equal(2, cut);
        Assert.DoesNotContain(said.All, line => line.Level >= LogLevel.Error);

        async Task Taken(HttpContext context, UnprovenBodies bodies)
        {
            try
            {
                using var body = await bodies.Read(context.Request);
            }
            catch (RefusedException)
            {
                cut++;
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            }
        }
    }

    private static HttpRequest Post(int bytes, string? from = null) => Post(new MemoryStream(new byte[bytes]), from);

    private static HttpRequest Post(Stream body, string? from = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = body;
        context.Connection.RemoteIpAddress = from is null ? null : IPAddress.Parse(from);
        return context.Request;
    }

    /// <summary>Whatever is waited for is due at once.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        public TimeSpan AskedFor { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            AskedFor = dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Goes on by what is read alone; no timer is ever due.</summary>
    private sealed class ReadTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }

    /// <summary>So many bytes a second.</summary>
    private sealed class Paced(ReadTime time, int eachSecond, int length) : MemoryStream
    {
        private int left = length;

        public int Reads { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = Math.Min(Math.Min(eachSecond, left), buffer.Length);
            left -= read;
            Reads += buffer.Length > 0 ? 1 : 0; // A reader may ask for nothing first, to learn when there is something.
            time.Now += TimeSpan.FromSeconds((double)read / eachSecond); // However little is asked for at a time.
            return new(read);
        }
    }

    private sealed class Endless : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return 0;
        }
    }
}
