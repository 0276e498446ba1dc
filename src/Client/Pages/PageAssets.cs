using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace Sophia.Pages;

/// <summary>The style sheet and the scripts, embedded in the assembly, served compressed under a name that holds their hash, cacheable for ever.</summary>
internal static class PageAssets
{
    /// <summary>The small picture in a browser's tab, in its own address so that no file stands behind it.</summary>
    public const string Icon =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232456c7'/%3E%3Cpath d='M4 5h8M4 8h5M4 11h7' stroke='%23fff' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E";

    private const string Script = "text/javascript; charset=utf-8";

    private static readonly Dictionary<string, Asset> All =
        new[] { Load("sophia.css", "text/css; charset=utf-8"), Load("sophia.js", Script), Load("ask.js", Script), Load("tour.js", Script), Load("profiles.js", Script), Load("tenants.js", Script), Load("replay.js", Script), Load("breakers.js", Script), Load("queues.js", Script), Load("records.js", Script), Load("degradation.js", Script), Load("domains.js", Script), Load("limits.js", Script), Load("idempotency.js", Script) }.ToDictionary(a => a.Name);

    /// <summary>The address of an asset.</summary>
    public static string Url(string name) => All[name].Path;

    public static void MapPageAssets(this IEndpointRouteBuilder routes)
    {
        foreach (var asset in All.Values)
            routes.MapGet(asset.Path, context => asset.Write(context)).ExcludeFromDescription();
    }

    private static Asset Load(string name, string contentType)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Sophia.Pages.Assets.{name}")
            ?? throw new InvalidOperationException($"{name} is not embedded in the assembly.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return new Asset(name, contentType, memory.ToArray());
    }

    private sealed class Asset(string name, string contentType, byte[] content)
    {
        private readonly byte[] compressed = Compress(content);

        public string Name => name;

        public string Path { get; } = $"/assets/{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}/{name}";

        public Task Write(HttpContext context)
        {
            var brotli = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
            context.Response.ContentType = contentType;
            context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
            context.Response.Headers.Vary = "Accept-Encoding";
            if (brotli)
                context.Response.Headers.ContentEncoding = "br";
            var body = brotli ? compressed : content;
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
        }

        private static byte[] Compress(byte[] content)
        {
            using var memory = new MemoryStream();
            using (var brotli = new BrotliStream(memory, CompressionLevel.SmallestSize))
                brotli.Write(content);
            return memory.ToArray();
        }
    }
}
