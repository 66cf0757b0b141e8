const react = require("eslint-plugin-react");

module.exports = [
  {
    files: ["**/*.{js,jsx}"],
    plugins: { react },
    languageOptions: {
      parserOptions: { ecmaFeatures: { jsx: true } },
      globals: {
        document: "readonly",
        expect: "readonly",
        module: "writable",
        process: "readonly",
        require: "readonly",
        test: "readonly",
      },
    },
    rules: { "no-undef": "error", "no-unused-vars": "error", "react/jsx-uses-vars": "error" },
  },
];
