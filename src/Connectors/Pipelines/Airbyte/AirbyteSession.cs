using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>One connector under one configuration: asks it for its specification, its opinion of the configuration and its catalog, and starts the reading.</summary>
internal sealed class AirbyteSession(AirbyteSettings settings, AirbyteOptions options, SecretBlanks blanks, ConnectorVoice voice, TimeProvider time)
{
    private const string ConfigFile = "config.json";
    private const string CatalogFile = "catalog.json";
    private const string StateFile = "state.json";

    public ConnectorVoice Voice => voice;

    public string Name => settings.Name;

    /// <summary>What the connector needs to be told, as JSON schema under connectionSpecification.</summary>
    public Task<JsonElement> Spec(CancellationToken cancellation) => Ask("spec", "SPEC", null, cancellation);

    /// <summary>Null where the connector accepts the configuration and reaches its source; else why not.</summary>
    public async Task<string?> Check(ConnectorConfig config, CancellationToken cancellation)
    {
        var status = await Ask("check", "CONNECTION_STATUS", config, cancellation);
        return ConnectorVoice.TextOf(status, "status") == "SUCCEEDED" ? null : blanks.Of(ConnectorVoice.TextOf(status, "message") ?? "The connector gives no reason.");
    }

    public Task<JsonElement> Discover(ConnectorConfig config, CancellationToken cancellation) => Ask("discover", "CATALOG", config, cancellation);

    public ConnectorProcess Read(ConnectorConfig config, string catalogJson, string? stateJson)
    {
        var folder = ConnectorFolder.Make(options.WorkFolder, settings.Image is not null);
        folder.Write(ConfigFile, config.Json);
        folder.Write(CatalogFile, catalogJson);
        List<(string, string)> files = [("config", ConfigFile), ("catalog", CatalogFile)];
        if (stateJson is not null)
        {
            folder.Write(StateFile, stateJson);
            files.Add(("state", StateFile));
        }
        return ConnectorProcess.Start(ConnectorLaunch.Of(settings, options, folder, "read", files), folder, options, blanks.Of);
    }

    /// <summary>What exactly runs: recorded with each run.</summary>
    public async Task<string> Version(CancellationToken cancellation)
    {
        if (settings.Image is not { } image)
            return ConnectorLaunch.VersionOf(settings.Command);
        try
        {
            using var inspect = Process.Start(new ProcessStartInfo(options.Docker, ["image", "inspect", "--format", "{{.Id}} {{.RepoDigests}}", image]) { RedirectStandardOutput = true, RedirectStandardError = true });
            var id = await inspect!.StandardOutput.ReadToEndAsync(cancellation);
            await inspect.WaitForExitAsync(cancellation);
            return inspect.ExitCode == 0 ? $"{image} {id.Trim()}" : $"{image} (its id is known once it is pulled)";
        }
        catch (System.ComponentModel.Win32Exception wrong)
        {
            throw new SourceException($"{settings.Name}: image {image} cannot be run: {options.Docker} is not on this machine ({wrong.Message}).", transient: false, wrong);
        }
    }

    private async Task<JsonElement> Ask(string verb, string wanted, ConnectorConfig? config, CancellationToken cancellation)
    {
        var folder = ConnectorFolder.Make(options.WorkFolder, settings.Image is not null);
        if (config is not null)
            folder.Write(ConfigFile, config.Json);
        var launch = ConnectorLaunch.Of(settings, options, folder, verb, config is null ? [] : [("config", ConfigFile)]);
        await using var process = ConnectorProcess.Start(launch, folder, options, blanks.Of);
        using var patience = new CancellationTokenSource(settings.StartWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            if (await Answer(process, wanted, either.Token) is { } answer)
                return answer;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new SourceException($"{settings.Name}: {verb}: no answer within {settings.StartWithin}; it was ended.", transient: true);
        }
        await Task.WhenAny(process.Exited, Task.Delay(options.Grace, time, cancellation));
        if (voice.Error is { } error)
            throw new SourceException($"{settings.Name}: {verb}: {error.Message}", error.Transient);
        var how = process.Exited.IsCompleted ? process.Explain() : "closed its output";
        throw new SourceException($"{settings.Name}: {verb}: the connector {how} without a {wanted} message.", transient: process.Exited.IsCompleted && process.ExitCode is not (126 or 127));
    }

    // What follows the answer is heard too: a token may be rotated as late as that.
    private async Task<JsonElement?> Answer(ConnectorProcess process, string wanted, CancellationToken cancellation)
    {
        var lines = new BoundedLines(process.Output, settings.MaxLineBytes);
        JsonElement? answer = null;
        while (true)
        {
            while (lines.Next() is { } line)
                answer = Heard(line, wanted) ?? answer;
            if (lines.Ended)
                return answer;
            if (answer is not null && await Task.WhenAny(lines.Reading, Task.Delay(options.Grace, time, cancellation)) != lines.Reading)
                return answer;
            await lines.Reading.WaitAsync(cancellation);
            lines.Took();
        }
    }

    private JsonElement? Heard(OutputLine line, string wanted)
    {
        if (line.OversizedHash is not null)
            throw new SourceException($"{settings.Name}: a message of {line.Length} bytes; {settings.MaxLineBytes} are allowed. Raise maxLineBytes in the source if such a size is meant.", transient: false);
        switch (AirbyteMessage.Of(line.Bytes))
        {
            case AirbyteMessage.Other message when message.Type == wanted:
                return message.Body;
            case AirbyteMessage.Other message:
                voice.Hear(message);
                break;
            case AirbyteMessage.Chatter chatter:
                voice.Hear(chatter);
                break;
        }
        return null;
    }
}
