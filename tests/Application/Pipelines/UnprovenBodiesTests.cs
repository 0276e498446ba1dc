using Microsoft.AspNetCore.Http;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What strangers send before anybody has looked at a signature.</summary>
public sealed class UnprovenBodiesTests
{
    [Fact]
    public async Task Strangers_hold_a_bounded_number_of_bytes_and_give_them_back()
    {
        var bodies = new UnprovenBodies(TimeProvider.System, new AnyBytes(), most: 100);
        var checkedNow = new TaskCompletionSource();
        var first = bodies.With(Acme, Post(new MemoryStream(new byte[60])), async body =>
        {
            await checkedNow.Task;
            return body.Length;
        });
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bodies.With(Acme, Post(new MemoryStream(new byte[41])), Length));
        Assert.Equal((RefusalCode.Busy, true), (refused.Code, refused.RetryAt is not null));
        Assert.Equal(40, await bodies.With(Acme, Post(new MemoryStream(new byte[40])), Length));
        checkedNow.SetResult();
        Assert.Equal(60, await first);
        Assert.Equal(100, await bodies.With(Acme, Post(new MemoryStream(new byte[100])), Length));
    }

    [Fact]
    public async Task A_body_that_never_ends_is_let_go_after_a_minute()
    {
        var time = new HurriedTime();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => new UnprovenBodies(time, new AnyBytes()).With(Acme, Post(new Endless()), Length));
        Assert.Equal((RefusalCode.Busy, EdgeLimits.DeliveryWithin), (refused.Code, time.AskedFor));
    }

    [Fact]
    public async Task Deliveries_for_one_tenant_leave_room_for_those_of_others()
    {
        var (bulkheads, held) = (new AnyBytes { Most = 50 }, new TaskCompletionSource());
        var bodies = new UnprovenBodies(TimeProvider.System, bulkheads, most: 1_000);
        var first = bodies.With(Acme, Post(new MemoryStream(new byte[50])), async body =>
        {
            await held.Task;
            return body.Length;
        });
        Assert.Equal(RefusalCode.Busy, (await Assert.ThrowsAsync<RefusedException>(() => bodies.With(Acme, Post(new MemoryStream(new byte[1])), Length))).Code);
        held.SetResult();
        Assert.Equal(50, await first);
        Assert.Equal(50, await bodies.With(Acme, Post(new MemoryStream(new byte[50])), Length));
        Assert.Equal(0, bulkheads.Held);
    }

    private static readonly TenantId Acme = TenantId.Parse("acme");

    private static Task<int> Length(ReadOnlyMemory<byte> body) => Task.FromResult(body.Length);

    private static HttpRequest Post(Stream body)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = body;
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

    private sealed class Endless : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return 0;
        }
    }

    private sealed class AnyBytes : IBulkheads
    {
        public long Most { get; init; } = long.MaxValue;

        public long Held { get; private set; }

        public ValueTask<BulkheadPlace> Enter(TenantId tenant, BulkheadKind kind, CancellationToken cancellation) => default;

        public RefusedException? WhyFull(TenantId tenant, BulkheadKind kind) => null;

        public bool TryHold(TenantId tenant, long bytes)
        {
            if (Held + bytes > Most)
                return false;
            Held += bytes;
            return true;
        }

        public void GiveBack(TenantId tenant, long bytes) => Held -= bytes;

        public RefusedException WhyNotHeld(TenantId tenant) => new(RefusalCode.Busy, "full");
    }
}
