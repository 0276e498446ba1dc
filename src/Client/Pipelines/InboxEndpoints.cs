using Microsoft.AspNetCore.Mvc;

namespace Sophia.Pipelines;

/// <summary>Takes files dropped on the page into the tenant's inbox folder, which the pipeline "inbox" watches.</summary>
internal static class InboxEndpoints
{
    private const string PipelineName = "inbox";
    private const int NoSpaceOnUnix = 28;
    private const int NoQuotaOnLinux = 122;
    private const int NoSpaceOnWindows = unchecked((int)0x80070070);

    public static void MapInbox(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/inbox", Drop).RequireAuthorization(Roles.Operator).WithTags("Pipelines").WithMetadata(new RequestSizeLimitAttribute(EdgeLimits.Upload))
            .Accepts<object>("application/octet-stream", "*/*")
            .WithSummary("Keeps the body as a file of the inbox under the relative path ?path= and has it ingested; start=false waits for a later file.");

    private static async Task<IResult> Drop(string path, HttpContext context, IGrainFactory grains, EdgeOptions options, IInboxDisk disk, IStorageRoom room, IBulkheads bulkheads, bool start = true)
    {
        var folder = Path.Combine(options.InboxFolder, context.User.Caller().Tenant.Value);
        var target = InboxPath.Resolve(folder, path)
            ?? throw new RefusedException(RefusalCode.Invalid, $"\"{path}\" is not a relative path of plain names, at most {InboxPath.MostCharacters} characters long.");
        if (room.RefusesFiles is { } full)
            throw new RefusedException(RefusalCode.StorageFull, $"{full} The file was not kept.");
        using var place = await bulkheads.Enter(context.User.Caller().Tenant, BulkheadKind.Ingest, context.RequestAborted);
        var pipeline = grains.Pipeline(context, PipelineName);
        var known = await pipeline.View();
        if (known is not null && !known.Sources.Any(source => source.Type == "files" && IsSame(source.Description, folder)))
            throw new RefusedException(RefusalCode.Conflict, $"The pipeline \"{PipelineName}\" reads something else, so nobody would read the file. Remove it or give it another name; the file was not kept.");
        var bytes = await Keep(context.Request, folder, target, disk);
        if (known is null)
            await pipeline.Define(Definition(folder), "inbox.yaml");
        var run = start ? await StartUnlessRunning(pipeline) : null;
        return Results.Json(new InboxFile(path, bytes, run), EdgeJson.Readable.InboxFile, statusCode: StatusCodes.Status202Accepted);
    }

    // A watcher must never see half a file: it is written beside its place under a name that sources skip, and moved there at the end.
    private static async Task<long> Keep(HttpRequest request, string folder, string target, IInboxDisk disk)
    {
        var partial = Path.Combine(Path.GetDirectoryName(target)!, InboxPath.Partial(Path.GetRandomFileName()));
        try
        {
            disk.CreateFolder(Path.GetDirectoryName(target)!);
            long bytes;
            await using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                await request.Body.CopyToAsync(file, request.HttpContext.RequestAborted);
                disk.Flush(file);
                bytes = file.Length;
            }
            disk.Place(partial, target);
            return bytes;
        }
        catch (PathTooLongException)
        {
            throw new RefusedException(RefusalCode.Invalid, "A name in the path is too long for the disk. The file was not kept.");
        }
        catch (IOException) when (Directory.Exists(target) || FileInTheWay(folder, target))
        {
            throw new RefusedException(RefusalCode.Conflict, "The path names a folder where there is a file, or a file where there is a folder. The file was not kept.");
        }
        catch (IOException full) when (full.HResult is NoSpaceOnUnix or NoQuotaOnLinux or NoSpaceOnWindows)
        {
            throw new RefusedException(RefusalCode.StorageFull, "The disk is full. The file was not kept.");
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private static bool FileInTheWay(string folder, string target)
    {
        for (var above = Path.GetDirectoryName(target); above is not null && above.Length > folder.Length; above = Path.GetDirectoryName(above))
            if (File.Exists(above))
                return true;
        return false;
    }

    private static bool IsSame(string path, string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static async Task<RunView?> StartUnlessRunning(IPipelineGrain pipeline)
    {
        try
        {
            return await pipeline.Start(new StartRun(OperationId: RunEndpoints.NewOperation(), Reason: "files dropped"));
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.Conflict)
        {
            return null;
        }
    }

    private static string Definition(string folder) =>
        $"name: {PipelineName}\nsources:\n  - type: files\n    path: {System.Text.Json.JsonSerializer.Serialize(folder, EdgeJson.Default.String)}\n    watch: true\n";
}

/// <summary>Where a file of the inbox goes: below the tenant's folder and nowhere else.</summary>
public static class InboxPath
{
    public const int MostCharacters = 240;

    /// <summary>What a file is called while it is written: no dropped file can be called so.</summary>
    public static string Partial(string name) => $".{name}.part";

    /// <summary>The full path, or null where the text is not a relative path of plain names.</summary>
    public static string? Resolve(string folder, string relative)
    {
        var names = relative.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (relative.Length > MostCharacters || names.Length == 0 || relative.StartsWith('/') || !names.All(IsPlain))
            return null;
        var full = Path.GetFullPath(Path.Combine([folder, .. names]));
        return full.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : null;
    }

    private static bool IsPlain(string name) =>
        !name.StartsWith('.') && !name.Any(c => char.IsControl(c) || c is ':' or '*' or '?' or '"' or '<' or '>' or '|') && name.Trim() == name;
}

/// <summary>A kept file; Run is the run that reads it, or null where one was going already or none was asked for.</summary>
public sealed record InboxFile(string Path, long Bytes, RunView? Run);
