using System.Reflection;

namespace Sophia.Pipelines;

/// <summary>The small sample of the tour, embedded in the assembly: a table with a few faults, two calls, three documents.</summary>
internal static class SampleFiles
{
    private const string Prefix = "Sophia.Sample/";

    /// <summary>Writes the sample's files below a folder, over older ones.</summary>
    public static void Write(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var target = Path.Combine(folder, name[Prefix.Length..].Replace('\\', '/'));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var from = assembly.GetManifestResourceStream(name)!;
            using var to = File.Create(target);
            from.CopyTo(to);
        }
    }

    /// <summary>Takes every file away again; the folder stays, because a pipeline reads it.</summary>
    public static void Clear(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var inner in Directory.GetDirectories(folder))
            Directory.Delete(inner, recursive: true);
        foreach (var file in Directory.GetFiles(folder))
            File.Delete(file);
    }
}
