using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Sophia.Tenants;

/// <summary>Everything of a tenant as one zip file: a JSONL file for each part, and manifest.json last with lines, bytes and SHA-256 of each.</summary>
/// <remarks>Streamed in pages of about 1 MB, so neither side holds more, whatever the tenant has. One that breaks off has no manifest and is asked for again from the start.</remarks>
internal static class ExportEndpoints
{
    public static void MapExport(this IEndpointRouteBuilder app) => app.MapGet("/api/tenants/{tenant}/export", Export).RequireAuthorization(Roles.Owner).WithTags("Tenants")
        .WithSummary("Everything of a tenant as a zip of JSONL files with a manifest, also while it is suspended. Only for the owner of the system tenant; audited.");

    private static async Task Export(string tenant, HttpContext context, IGrainFactory grains, EdgeOptions options, IFeatures features, IBulkheads bulkheads, TimeProvider time, CancellationToken cancellation)
    {
        var caller = context.User.Caller();
        if (caller.Tenant != options.SystemTenant)
            throw new RefusedException(RefusalCode.Forbidden, "Only the owner of the system tenant may do this.");
        features.MustOffer(caller.Tenant, Feature.Exports, time);
        using var _ = CallerContext.ForSystem("export of a tenant");
        if (!TenantId.TryParse(tenant, out var id) || await grains.GetGrain<ITenantGrain>(TenantKey.Of(id)).View() is null)
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
        using var place = await bulkheads.Enter(id, BulkheadKind.Export, cancellation);
        var grain = grains.GetGrain<ITenantExportGrain>(TenantKey.Of(id));
        var upTo = await grain.Begin($"{caller.Tenant} {caller.KeyId}");
        context.Response.ContentType = "application/zip";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}.zip\"";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true; // The archive writes its headers so; few export at once.
        await using var zip = await ZipArchive.CreateAsync(context.Response.Body, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation);
        var files = new List<ExportedFile>();
        foreach (var part in Enum.GetValues<ExportPart>())
            files.Add(await Write(zip, part, grain, upTo, cancellation));
        await using var manifest = await zip.CreateEntry("manifest.json").OpenAsync(cancellation);
        await JsonSerializer.SerializeAsync(manifest, new ExportManifest(1, id, time.GetUtcNow(), upTo, files), EdgeJson.Readable.ExportManifest, cancellation);
    }

    private static async Task<ExportedFile> Write(ZipArchive zip, ExportPart part, ITenantExportGrain grain, long upTo, CancellationToken cancellation)
    {
        var name = $"{part.ToString().ToLowerInvariant()}.jsonl";
        var (lines, bytes) = (0L, 0L);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellation);
        for (long? after = 0; after is { } cursor;)
        {
            var page = await grain.Page(part, cursor, upTo);
            hash.AppendData(page.Jsonl);
            await file.WriteAsync(page.Jsonl, cancellation);
            (lines, bytes, after) = (lines + page.Lines, bytes + page.Jsonl.Length, page.Next);
        }
        return new ExportedFile(name, lines, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}

/// <summary>Format is 1. UpTo is the last position of the log that the export holds.</summary>
public sealed record ExportManifest(int Format, TenantId Tenant, DateTimeOffset At, long UpTo, IReadOnlyList<ExportedFile> Files);

public sealed record ExportedFile(string Name, long Lines, long Bytes, string Sha256);
