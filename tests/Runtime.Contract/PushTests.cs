using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Utilities;

namespace Sophia.Runtime.Contract;

public interface IListener : IGrainObserver
{
    void Heard(int number);

    Task<int> Ask(int number);
}

public interface IPushGrain : IGrainWithStringKey, IRemindable
{
    Task Subscribe(IListener listener);

    Task Tell(int number);

    Task<int> AskAll(int number);

    Task StartTimer(TimeSpan due, TimeSpan period);

    Task<string[]> Reminders();

    Task Remind(string name, TimeSpan due, TimeSpan period);

    Task Forget(string name);
}

public sealed class PushGrain(Journal journal) : Grain, IPushGrain
{
    private readonly ObserverManager<IListener> _listeners = new(TimeSpan.FromMinutes(5), NullLogger.Instance);
    private IGrainTimer? _timer;
    private int _ticks;

    public Task Subscribe(IListener listener)
    {
        _listeners.Subscribe(listener, listener);
        return Task.CompletedTask;
    }

    public Task Tell(int number)
    {
        _listeners.Notify(listener => listener.Heard(number));
        return Task.CompletedTask;
    }

    public async Task<int> AskAll(int number)
    {
        var sum = 0;
        await _listeners.Notify(async listener => sum += await listener.Ask(number));
        return sum;
    }

    public Task StartTimer(TimeSpan due, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(static (self, cancellation) => self.Tick(), this, new() { DueTime = due, Period = period });
        return Task.CompletedTask;
    }

    public async Task<string[]> Reminders() => [.. (await this.GetReminders()).Select(reminder => reminder.ReminderName).Order()];

    public Task Remind(string name, TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(name, due, period);

    public async Task Forget(string name) => await this.UnregisterReminder((await this.GetReminder(name))!);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        journal.Write(this.GetPrimaryKeyString(), $"{reminderName} {status.Period}");
        return Task.CompletedTask;
    }

    private Task Tick()
    {
        journal.Write(this.GetPrimaryKeyString(), $"tick {++_ticks}");
        if (_ticks == 3)
            _timer!.Dispose();
        return _ticks == 2 ? throw new InvalidOperationException("a timer goes on") : Task.CompletedTask;
    }
}

/// <summary>Observers, timers, reminders: what comes without being asked for.</summary>
[Collection(Contract.Name)]
public sealed class PushTests(RuntimeFixture runtime)
{
    private IPushGrain Grain(string key) => runtime.Grains.GetGrain<IPushGrain>(key);

    private Journal Journal => runtime.Journal;

    [Fact]
    public async Task An_observer_hears_every_notification_in_an_order_that_nobody_promises_and_can_be_asked()
    {
        var listener = new Listener(Journal, "heard");
        var reference = runtime.Grains.CreateObjectReference<IListener>(listener);
        await Grain("push").Subscribe(reference);
        for (var i = 0; i < 50; i++)
            await Grain("push").Tell(i);
        var heard = await Journal.Until("heard", lines => lines.Count == 50);
        Assert.Equal(Enumerable.Range(0, 50), heard.Select(int.Parse).Order());
        Assert.Equal(8, await Grain("push").AskAll(4));
        runtime.Grains.DeleteObjectReference<IListener>(reference);
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task A_timer_ticks_in_turns_goes_on_after_a_failure_and_stops_when_disposed()
    {
        await Grain("timer").StartTimer(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20));
        Assert.Equal(["tick 1", "tick 2", "tick 3"], await Journal.Until("timer", lines => lines.Count == 3));
    }

    [Fact]
    public async Task A_reminder_wakes_its_grain_and_is_known_until_forgotten()
    {
        var grain = Grain("reminded");
        // One that is due before it is stored has missed its first tick: it comes a period later.
        await grain.Remind("soon", TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(1));
        await grain.Remind("later", TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        Assert.Equal(["later", "soon"], await grain.Reminders());
        Assert.Equal(["soon 00:01:00"], await Journal.Until("reminded", lines => lines.Count > 0));
        await grain.Forget("soon");
        Assert.Equal(["later"], await grain.Reminders());
    }

    [Fact]
    public async Task The_shortest_reminder_is_a_minute() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Grain("short").Remind("x", TimeSpan.Zero, TimeSpan.FromSeconds(59)));

    private sealed class Listener(Journal journal, string key) : IListener
    {
        public void Heard(int number) => journal.Write(key, number.ToString());

        public Task<int> Ask(int number) => Task.FromResult(number * 2);
    }
}
