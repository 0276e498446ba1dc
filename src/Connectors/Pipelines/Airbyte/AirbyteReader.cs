using System.Globalization;

namespace Sophia.Pipelines;

/// <summary>One reading of a connector: starts it, reads its output only as fast as batches are asked for, and ends it.</summary>
/// <remarks>
/// A call for the next batch never takes longer than <see cref="LongestWait"/>: a connector that is slow gives empty batches, and who asks can
/// pause or stop in between. Silence counts while somebody waits for the connector, not while the connector waits for us.
/// </remarks>
internal sealed class AirbyteReader : ISourceReader
{
    /// <summary>The longest that one call waits.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>How often a run begins anew at one state before it gives up.</summary>
    public const int MaxTries = 10;

    private readonly AirbyteSettings settings;
    private readonly AirbyteOptions options;
    private readonly SourceContext source;
    private readonly ConnectorVoice voice;
    private readonly TimeProvider time;
    private readonly Func<string, Task> keep;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task<Opened> starting;
    private readonly string stateBefore;
    private Opened? opened;
    private SourceException? failure;
    private TimeSpan silence;
    private bool ended;
    private bool disposed;

    /// <param name="start">Starts the connector; takes minutes where a catalog is large.</param>
    /// <param name="keep">Keeps a configuration that the connector changed, durably.</param>
    public AirbyteReader(AirbyteSettings settings, AirbyteOptions options, SourceContext source, string stateBefore, ConnectorVoice voice, TimeProvider time, Func<CancellationToken, Task<Opened>> start, Func<string, Task> keep)
    {
        (this.settings, this.options, this.source, this.stateBefore, this.voice, this.time, this.keep) = (settings, options, source, stateBefore, voice, time, keep);
        starting = Task.Run(() => start(stopping.Token));
    }

    public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
    {
        if (failure is not null)
            throw failure;
        if (ended)
            return null;
        try
        {
            if (opened is null && !await Started(cancellation))
                return Nothing();
            await Fill(budget, cancellation);
            var whole = opened!.Lines.Ended ? await Finish() : null;
            await KeepChanged();
            return opened.Reading.Batch(more: !ended, whole);
        }
        catch (SourceException wrong)
        {
            return await Fail(wrong);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        await stopping.CancelAsync();
        try
        {
            opened ??= await starting;
        }
        catch (Exception never) when (never is SourceException or OperationCanceledException)
        {
            // It never started.
        }
        if (opened is { } open)
            await open.DisposeAsync();
        await KeepChanged();
        stopping.Dispose();
    }

    private async Task<bool> Started(CancellationToken cancellation)
    {
        await Task.WhenAny(starting, Task.Delay(LongestWait, time, cancellation));
        cancellation.ThrowIfCancellationRequested();
        await KeepChanged();
        if (!starting.IsCompleted)
            return false;
        opened = await starting;
        return true;
    }

    private SourceBatch Nothing() => new([], [], stateBefore, 0) { More = true, Lines = voice.Take() };

    private async Task Fill(BatchBudget budget, CancellationToken cancellation)
    {
        var (reading, lines) = (opened!.Reading, opened.Lines);
        var began = time.GetTimestamp();
        while (reading.Pending < budget.MaxRecords && reading.Bytes < budget.MaxBytes)
        {
            var left = (reading.Pending > 0 ? options.Linger : LongestWait) - time.GetElapsedTime(began);
            if (lines.Next() is { } line)
            {
                var messages = reading.Messages;
                reading.Take(line);
                silence = reading.Messages > messages ? TimeSpan.Zero : silence;
                if (time.GetElapsedTime(began) > LongestWait)
                    return;
            }
            else if (lines.Ended || left <= TimeSpan.Zero)
                return;
            else
                await Wait(left, cancellation);
        }
    }

    private async Task Wait(TimeSpan left, CancellationToken cancellation)
    {
        var (lines, process) = (opened!.Lines, opened.Process);
        var patience = (opened.Reading.Messages == 0 ? settings.StartWithin : settings.IdleAfter) - silence;
        if (patience <= TimeSpan.Zero)
            throw new SourceException($"{settings.Name}: the connector gave no message {(opened.Reading.Messages == 0 ? $"within {settings.StartWithin} of its start" : $"for {settings.IdleAfter}")}; it was ended.", transient: true);
        var began = time.GetTimestamp();
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var delay = Task.Delay(left < patience ? left : patience, time, done.Token);
        var first = await Task.WhenAny(lines.Reading, delay, process.Exited);
        if (first == process.Exited && !lines.Reading.IsCompleted)
            first = await Outlived(lines, process);
        await done.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        silence += time.GetElapsedTime(began);
        if (lines.Reading.IsCompleted)
            lines.Took();
    }

    // The connector has ended, but something that it started may hold its output open: what is in the pipe is read, the rest is not waited for.
    private async Task<Task> Outlived(BoundedLines lines, ConnectorProcess process)
    {
        await process.End();
        if (await Task.WhenAny(lines.Reading, Task.Delay(TimeSpan.FromSeconds(1), time)) != lines.Reading)
            lines.Close();
        return lines.Reading;
    }

    /// <summary>The output is at its end; answers which streams were read whole.</summary>
    private async Task<IReadOnlyDictionary<string, int>?> Finish()
    {
        var process = opened!.Process;
        if (await Task.WhenAny(process.Exited, Task.Delay(options.Grace, time)) != process.Exited)
            throw new SourceException($"{settings.Name}: the connector closed its output and did not end within {options.Grace}; it was ended.", transient: true);
        await process.End();
        if (voice.Error is { } error)
            throw new SourceException($"{settings.Name}: {error.Message} (the connector {process.Explain()})", error.Transient);
        if (process.ExitCode != 0)
            throw new SourceException($"{settings.Name}: the connector {process.Explain()}.", transient: process.ExitCode is not (126 or 127));
        var whole = Whole();
        voice.Say(ConnectorLineLevel.Information, string.Create(CultureInfo.InvariantCulture, $"The connector ended with exit code 0 after {opened.Catalog.Streams.Sum(stream => stream.Count)} records."));
        ended = true;
        return whole;
    }

    private IReadOnlyDictionary<string, int> Whole()
    {
        var whole = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var stream in opened!.Catalog.Streams)
        {
            if (opened.Reading.SpeaksOfStatus && stream.Status != "COMPLETE")
                throw new SourceException($"{settings.Name}: the connector ended without saying that stream {stream.Name} is complete (its status: {stream.Status ?? "none"}). What was read is kept, and nothing counts as vanished.", transient: true);
            if (stream.IsIncremental)
                continue;
            var last = opened.Progress.LastCount(stream);
            if (last > 0 && stream.Count < last * source.Gate.MinimumShareOfUsual)
                throw new SourceException(string.Create(CultureInfo.InvariantCulture,
                    $"{settings.Name}: stream {stream.Name} gave {stream.Count} records; its last whole reading gave {last}, and less than {source.Gate.MinimumShareOfUsual:0.##} of it counts as broken. Nothing was deleted. Set gate.minimumShareOfUsual to 0 for one run where that is right."), transient: false);
            opened.Progress.Done(stream);
            if (!stream.IsUnclear)
                whole[stream.Stored] = stream.Generation;
        }
        return whole;
    }

    // What came before the failure is handed on first; whoever asks again learns of it.
    private async Task<SourceBatch> Fail(SourceException wrong)
    {
        if (opened is not null)
            await opened.Process.End();
        var givesUp = opened is not null && wrong.Transient && opened.Progress.Tries >= MaxTries;
        failure = givesUp ? new SourceException($"{wrong.Message} It began {MaxTries + 1} times at the same state.", transient: false, wrong) : wrong;
        voice.Say(ConnectorLineLevel.Error, failure.Message);
        await KeepChanged();
        if (opened is null)
            return Nothing();
        foreach (var line in opened.Process.Errors)
            voice.Say(ConnectorLineLevel.Information, $"stderr: {line}");
        return opened.Reading.Batch(more: true, null);
    }

    private async Task KeepChanged()
    {
        if (voice.TakeChanged() is not { } changed)
            return;
        await keep(changed);
        voice.Say(ConnectorLineLevel.Information, "The connector changed its configuration; the change is kept, encrypted, for the next time.");
    }

    /// <summary>What a started connector is read with.</summary>
    internal sealed record Opened(ConnectorProcess Process, BoundedLines Lines, AirbyteCatalog Catalog, AirbyteProgress Progress, AirbyteReading Reading, IDisposable Place) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            Place.Dispose();
        }
    }
}
