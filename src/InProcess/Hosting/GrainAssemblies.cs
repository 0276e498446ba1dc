using System.Reflection;

namespace Orleans.InProcess;

/// <summary>An assembly to look for grain classes in; if none is registered, every loaded one that knows this runtime.</summary>
/// <param name="Assembly">The assembly.</param>
public sealed record GrainAssembly(Assembly Assembly);

internal static class GrainAssemblies
{
    /// <summary>The registered ones, else all that the entry assembly reaches and that refer to this runtime.</summary>
    public static IReadOnlyList<Assembly> Find(IEnumerable<GrainAssembly> registered)
    {
        List<Assembly> chosen = [.. registered.Select(part => part.Assembly)];
        if (chosen.Count > 0)
            return chosen;
        var runtime = typeof(Grain).Assembly.GetName().Name;
        var seen = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic))
            seen.TryAdd(assembly.GetName().Name!, assembly);
        var queue = new Queue<Assembly>(seen.Values);
        while (queue.TryDequeue(out var assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies().Where(name => !seen.ContainsKey(name.Name!) && !IsPlatform(name.Name!)))
            {
                if (Load(name) is not { } referenced)
                    continue;
                seen[name.Name!] = referenced;
                queue.Enqueue(referenced);
            }
        }
        return [.. seen.Values.Where(assembly => assembly.GetReferencedAssemblies().Any(name => name.Name == runtime))
            .OrderBy(assembly => assembly.FullName, StringComparer.Ordinal)];
    }

    private static bool IsPlatform(string name) => name.StartsWith("System", StringComparison.Ordinal)
        || name.StartsWith("Microsoft", StringComparison.Ordinal) || name == "netstandard" || name == "mscorlib";

    private static Assembly? Load(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception failure) when (failure is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return null;
        }
    }
}
