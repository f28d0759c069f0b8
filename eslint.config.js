import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** Library code of a workspace never reaches into another's inside. */
const noDeepImports = {
  group: ["@millrace/*/*", "**/services/*/src/**", "**/schemas/src/**"],
  message: "import the workspace by its name: what its index.ts exports is its contract",
};

/** The core is a function of its inputs: no time, no randomness, no waiting. */
const purity = {
  "no-restricted-globals": [
    "error",
    { globals: ["Date", "Intl", "WeakRef", "FinalizationRegistry"], checkGlobalObject: true },
  ],
  "no-restricted-properties": [
    "error",
    { object: "Math", property: "random", message: "entropy comes in with the input" },
  ],
  "no-restricted-imports": ["error", { patterns: [{ regex: "^(?!\\./|\\.\\./errors\\.ts$)" }] }],
  "no-restricted-syntax": [
    "error",
    { selector: "AwaitExpression", message: "the core never waits" },
    { selector: ":function[async=true]", message: "the core never waits" },
  ],
};

/** Imports of a room of the core that leave the core. */
const outsideOfCore = "^(?!\\./|\\.\\./(?!\\.\\.)|\\.\\./\\.\\./errors\\.ts$)";

const runnerEscapes = ["skip", "only", "todo", "fails", "skipIf", "runIf"].map((name) => ({
  selector: `MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name='${name}']`,
  message: "every test runs, every time",
}));

export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/node_modules/**",
      ".millrace/**",
      "schemas/src/generated/**",
      "test/boundaries/fixtures/**",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, importX.flatConfigs.typescript],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/strict-boolean-expressions": "error",
      "@typescript-eslint/no-unsafe-type-assertion": "error",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "import-x/no-cycle": "error",
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 3],
      "no-console": "error",
      eqeqeq: "error",
      "no-restricted-imports": ["error", { patterns: [noDeepImports] }],
    },
  },
  { files: ["services/engine/src/core/**/*.ts"], ignores: ["**/*.test.ts"], rules: purity },
  {
    files: ["services/engine/src/core/*/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ regex: outsideOfCore }] }] },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts"],
    rules: {
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": "off",
      "no-restricted-syntax": [
        "error",
        ...runnerEscapes,
        {
          selector: "Property[key.name='retry'][value.type='Literal']",
          message: "no retries: a flaky test is a bug",
        },
      ],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    rules: { eqeqeq: "error", "no-unused-vars": "error" },
  },
);
