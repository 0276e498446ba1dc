using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Reminders;
using Orleans.Timers;

namespace Orleans.Runtime.ReminderService;

/// <summary>Wakes grains when their reminders are due; the table remembers them over restarts.</summary>
/// <remarks>Every silo watches all reminders and fires those whose grain's hash points to it. One timer serves all: it is set for the earliest reminder, at most an hour ahead. A tick is due at start + n * period; ticks
/// missed while the process was away are not made up for, the next one comes at most a period later, as in Orleans. A tick that the
/// grain fails is logged, and the next comes after a period.</remarks>
internal sealed partial class LocalReminderService(Silo silo, IReminderTable table, IOptions<ReminderOptions> options) : IReminderRegistry,
    IDisposable
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = silo.Clock(ReminderTimeProviderNames.Reminders);
    private readonly Lock _gate = new();
    private readonly Dictionary<(GrainId, string), Scheduled> _scheduled = [];
    private readonly PriorityQueue<Scheduled, (DateTime, GrainId, string)> _due = new();
    private ITimer? _timer;

    public async Task Start(CancellationToken cancellation)
    {
        await table.StartAsync(cancellation);
        var rows = await table.ReadRows(0, 0);
        _timer = _time.CreateTimer(static self => ((LocalReminderService)self!).FireDue(), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        foreach (var row in rows.Reminders)
            Schedule(row, ReminderRules.NextTick(row.StartAt, row.Period, _time.GetUtcNow().UtcDateTime));
    }

    public async Task Stop(CancellationToken cancellation)
    {
        Dispose();
        await table.StopAsync(cancellation);
    }

    public void Dispose() => _timer?.Dispose();

    public async Task<IGrainReminder> RegisterOrUpdateReminder(GrainId callingGrainId, string reminderName, TimeSpan dueTime, TimeSpan period)
    {
        Check(reminderName, dueTime, period);
        var row = new ReminderEntry
        {
            GrainId = callingGrainId,
            ReminderName = reminderName,
            StartAt = _time.GetUtcNow().UtcDateTime + dueTime,
            Period = period,
        };
        row.ETag = await table.UpsertRow(row)
            ?? throw new ReminderException($"Could not register reminder {reminderName} of {callingGrainId}.");
        foreach (var watching in Watching())
            watching.Schedule(row, ReminderRules.NextTick(row.StartAt, row.Period, _time.GetUtcNow().UtcDateTime));
        return new Reminder(callingGrainId, reminderName, row.ETag);
    }

    public async Task UnregisterReminder(GrainId callingGrainId, IGrainReminder reminder)
    {
        var known = (Reminder)reminder;
        if (!await table.RemoveRow(callingGrainId, known.ReminderName, known.ETag))
            throw new ReminderException($"Could not unregister reminder {known.ReminderName} of {callingGrainId}: it was changed since.");
        foreach (var watching in Watching())
            watching.Unschedule((callingGrainId, known.ReminderName));
    }

    public async Task<IGrainReminder?> GetReminder(GrainId callingGrainId, string reminderName) =>
        await table.ReadRow(callingGrainId, reminderName) is { } row ? new Reminder(row.GrainId, row.ReminderName, row.ETag!) : null;

    public async Task<List<IGrainReminder>> GetReminders(GrainId callingGrainId) =>
        [.. (await table.ReadRows(callingGrainId)).Reminders.Select(row => new Reminder(row.GrainId, row.ReminderName, row.ETag!))];

    private void Check(string name, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == Timeout.InfiniteTimeSpan || dueTime < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(dueTime), dueTime, "A reminder's due time is finite and not negative.");
        if (period == Timeout.InfiniteTimeSpan || period < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(period), period, "A reminder's period is finite and not negative.");
        if (period < options.Value.MinimumReminderPeriod)
            throw new ArgumentException($"Cannot register reminder {name} as requested period ({period}) is less than minimum allowed "
                + $"reminder period ({options.Value.MinimumReminderPeriod})", nameof(period));
    }

    private void Schedule(ReminderEntry row, DateTime first)
    {
        lock (_gate)
        {
            var scheduled = new Scheduled(row, first);
            _scheduled[(row.GrainId, row.ReminderName)] = scheduled;
            Enqueue(scheduled);
            SetTimer(_time.GetUtcNow().UtcDateTime);
        }
    }

    private void Unschedule((GrainId, string) reminder)
    {
        lock (_gate)
            _scheduled.Remove(reminder);
    }

    private IEnumerable<LocalReminderService> Watching() =>
        silo.Cluster.Membership.Running().Select(other => other == silo ? this : other.Reminders).OfType<LocalReminderService>();

    private void FireDue()
    {
        var now = _time.GetUtcNow().UtcDateTime;
        List<Scheduled> due = [];
        lock (_gate)
        {
            while (_due.TryPeek(out var first, out _) && first.At <= now)
            {
                _due.Dequeue();
                if (!IsCurrent(first))
                    continue;
                due.Add(first);
                var next = first with { At = ReminderRules.NextTick(first.Row.StartAt, first.Row.Period, now + TimeSpan.FromTicks(1)) };
                _scheduled[(next.Row.GrainId, next.Row.ReminderName)] = next;
                Enqueue(next);
            }
            SetTimer(now);
        }
        foreach (var reminder in due.Where(due => silo.Cluster.Membership.OwnerOf(due.Row.GrainId.GetUniformHashCode()) == silo))
            _ = Fire(reminder.Row, now);
    }

    private async Task Fire(ReminderEntry row, DateTime now)
    {
        try
        {
            await silo.Factory.GetGrain<IRemindable>(row.GrainId)
                .ReceiveReminder(row.ReminderName, new(row.StartAt, row.Period, now));
        }
        catch (Exception failure)
        {
            LogTickFailed(silo.Logger, failure, row.ReminderName, row.GrainId);
        }
    }

    private bool IsCurrent(Scheduled scheduled) =>
        _scheduled.TryGetValue((scheduled.Row.GrainId, scheduled.Row.ReminderName), out var current) && ReferenceEquals(current, scheduled);

    private void Enqueue(Scheduled scheduled) =>
        _due.Enqueue(scheduled, (scheduled.At, scheduled.Row.GrainId, scheduled.Row.ReminderName));

    private void SetTimer(DateTime now)
    {
        while (_due.TryPeek(out var stale, out _) && !IsCurrent(stale))
            _due.Dequeue();
        if (!_due.TryPeek(out var first, out _))
            return;
        var wait = first.At - now;
        _timer?.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestSleep ? LongestSleep : wait, Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(1040, LogLevel.Warning, "Reminder {Reminder} of {GrainId} failed; it comes again after its period")]
    private static partial void LogTickFailed(ILogger logger, Exception failure, string reminder, GrainId grainId);

    private sealed record Scheduled(ReminderEntry Row, DateTime At);

    private sealed record Reminder(GrainId GrainId, string ReminderName, string ETag) : IGrainReminder;
}

/// <summary>When reminders tick.</summary>
internal static class ReminderRules
{
    /// <summary>The first tick at or after <paramref name="now"/>.</summary>
    public static DateTime NextTick(DateTime start, TimeSpan period, DateTime now)
    {
        if (now <= start)
            return start;
        var since = (now - start).Ticks;
        period = TimeSpan.FromTicks(Math.Max(1, period.Ticks));
        var periods = (since + period.Ticks - 1) / period.Ticks;
        return start.AddTicks(periods * period.Ticks);
    }
}
